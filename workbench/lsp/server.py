"""The loop of the language server: one message after the other, and nothing that ends it but `exit`."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, BinaryIO

from workbench.lsp import convert
from workbench.lsp.answers import Answers
from workbench.lsp.commands import COMMANDS, Commands
from workbench.lsp.edits import edited
from workbench.lsp.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    NOT_INITIALIZED,
    PARSE_ERROR,
    REQUEST_CANCELLED,
    RequestError,
)
from workbench.lsp.frames import FrameError, write_frame
from workbench.lsp.inbox import END, Inbox
from workbench.lsp.projects import Documents
from workbench.lsp.publishing import Publisher

JSON = Any
Params = Mapping[str, Any]
QUIET = 0.25
"""Seconds without a message after which all other files are looked at."""

CAPABILITIES: Mapping[str, JSON] = {
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 2, "save": {"includeText": False}},
    "completionProvider": {"triggerCharacters": [".", '"', " ", "("]},
    "hoverProvider": True,
    "definitionProvider": True,
    "referencesProvider": True,
    "renameProvider": True,
    "documentSymbolProvider": True,
    "workspaceSymbolProvider": True,
    "foldingRangeProvider": True,
    "codeActionProvider": {"codeActionKinds": ["quickfix"]},
    "codeLensProvider": {"resolveProvider": False},
    "executeCommandProvider": {"commands": list(COMMANDS)},
    "documentFormattingProvider": True,
    "semanticTokensProvider": {
        "legend": {"tokenTypes": list(convert.TOKEN_TYPES), "tokenModifiers": []},
        "full": True,
    },
}


class LanguageServer:
    """One session with one editor, over two streams."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, log: Callable[[str], None]) -> None:
        self._inbox, self._outgoing, self._log = Inbox(incoming), outgoing, log
        self._documents = Documents()
        self._publisher = Publisher(self._documents, self._notify)
        self._answers = Answers(self._documents)
        self._commands = Commands(self._documents, self._publisher, self._notify)
        self._state = "new"
        self._folders: list[str] = []
        self._requests: dict[str, Callable[[Params], JSON]] = {
            "initialize": self._initialize,
            "shutdown": self._shutdown,
            "workspace/executeCommand": self._commands.execute,
            **self._answers.by_method(),
        }
        self._notifications: dict[str, Callable[[Params], None]] = {
            "initialized": self._initialized,
            "textDocument/didOpen": self._opened,
            "textDocument/didChange": self._changed,
            "textDocument/didClose": self._closed,
            "textDocument/didSave": self._saved,
            "workspace/didChangeWatchedFiles": self._saved,
        }

    def run(self) -> int:
        """Answer until `exit`. The exit code is 0 after `shutdown`, else 1, as the protocol demands."""
        while True:
            try:
                message = self._inbox.next(QUIET if self._publisher.waits else None)
            except queue.Empty:
                self._use_the_quiet()
                continue
            if message is END:
                return 1
            if isinstance(message, FrameError):
                self._answer(None, error=RequestError(PARSE_ERROR, str(message)))
            elif not isinstance(message, dict) or not isinstance(message.get("method", ""), str):
                text = "a message is an object with a method"
                self._answer(None, error=RequestError(INVALID_REQUEST, text))
            elif message.get("method") == "exit":
                return 0 if self._state == "stopped" else 1
            else:
                self._handle(message)

    def _use_the_quiet(self) -> None:
        """Go on with what can wait until the next message."""
        try:
            while self._publisher.waits and self._inbox.empty():
                self._publisher.later()
        except Exception as error:
            self._log(f"checking: {type(error).__name__}: {error}")

    # --- messages ---

    def _handle(self, message: dict[str, JSON]) -> None:
        method, id = message.get("method"), message.get("id")
        if method is None:
            return  # an answer to a request, and this server makes none
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        if "id" not in message:
            self._notified(method, params)
            return
        try:
            if self._inbox.cancelled(id):
                raise RequestError(REQUEST_CANCELLED, "taken back")
            self._answer(id, result=self._request(method)(params))
        except RequestError as error:
            self._answer(id, error=error)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            self._log(f"{method}: {type(error).__name__}: {error}")
            self._answer(id, error=RequestError(INVALID_PARAMS, f"`{method}` cannot be answered like this"))
        except Exception as error:
            self._log(f"{method}: {type(error).__name__}: {error}")
            self._answer(id, error=RequestError(INTERNAL_ERROR, f"a mistake of ours: {type(error).__name__}"))

    def _request(self, method: str) -> Callable[[Params], JSON]:
        if self._state == "new" and method != "initialize":
            raise RequestError(NOT_INITIALIZED, "the first request is `initialize`")
        if self._state == "stopped" or (self._state == "running" and method == "initialize"):
            raise RequestError(INVALID_REQUEST, f"`{method}` cannot come now")
        if method not in self._requests:
            raise RequestError(METHOD_NOT_FOUND, f"`{method}` is not supported")
        return self._requests[method]

    def _notified(self, method: str, params: Params) -> None:
        """Unknown notifications are ignored, and so is what comes before `initialize` or after `shutdown`."""
        handler = self._notifications.get(method)
        if handler is None or self._state != "running":
            return
        try:
            handler(params)
        except Exception as error:
            self._log(f"{method}: {type(error).__name__}: {error}")

    def _answer(self, id: JSON, result: JSON = None, error: RequestError | None = None) -> None:
        if error is not None:
            write_frame(self._outgoing, {"id": id, "error": {"code": error.code, "message": str(error)}})
        else:
            write_frame(self._outgoing, {"id": id, "result": result})

    def _notify(self, method: str, params: JSON) -> None:
        write_frame(self._outgoing, {"method": method, "params": params})

    # --- the session ---

    def _initialize(self, params: Params) -> JSON:
        capabilities = params.get("capabilities") or {}
        item = capabilities.get("textDocument", {}).get("completion", {}).get("completionItem", {})
        self._answers.snippets = bool(item.get("snippetSupport"))
        options = params.get("initializationOptions")
        self._commands.shows = bool(isinstance(options, dict) and options.get("documents"))
        folders = [folder["uri"] for folder in params.get("workspaceFolders") or ()]
        self._folders = folders or [u for u in (params.get("rootUri"),) if u]
        self._state = "running"
        return {
            "capabilities": CAPABILITIES,
            "serverInfo": {"name": "rulelang", "version": version("rulelang")},
        }

    def _initialized(self, params: Params) -> None:
        """Read the folders: it may take seconds, and the editor has its answer by now."""
        folders, self._folders = self._folders, []
        for uri in folders:
            self._documents.open_root(uri)
        self._publisher.soon()

    def _shutdown(self, params: Params) -> None:
        self._state = "stopped"

    # --- documents ---

    def _opened(self, params: Params) -> None:
        document = params["textDocument"]
        self._documents.change(document["uri"], document["text"], document.get("version"))
        self._told()

    def _changed(self, params: Params) -> None:
        document = params["textDocument"]
        uri, number = document["uri"], document.get("version")
        if self._documents.is_outdated(uri, number):
            self._log(f"version {number} of {uri} came after a later one, and is passed over")
            return
        before = self._documents.text(uri)
        if before is None:
            raise ValueError(f"{uri} is not open")
        self._documents.change(uri, edited(before, params["contentChanges"]), number)
        self._told()

    def _told(self) -> None:
        """Tell of what has changed, unless more changes wait: only the last of them counts."""
        if not self._inbox.changes_next():
            self._publisher.at_once()
        self._publisher.soon()

    def _closed(self, params: Params) -> None:
        self._documents.close(params["textDocument"]["uri"])
        self._publisher.soon()

    def _saved(self, params: Params) -> None:
        self._documents.reload()
        self._publisher.soon()
