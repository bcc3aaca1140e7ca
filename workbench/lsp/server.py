"""The loop of the language server: one message after the other, and nothing that ends it but `exit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, BinaryIO

from rulelang.editor.model import RenameError
from rulelang.source import Source, Span
from workbench.lsp import convert
from workbench.lsp.frames import FrameError, read_frame, write_frame
from workbench.lsp.projects import Documents, Project

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
NOT_INITIALIZED = -32002
REQUEST_FAILED = -32803

JSON = Any
Params = Mapping[str, Any]

CAPABILITIES: Mapping[str, JSON] = {
    "positionEncoding": "utf-16",
    "textDocumentSync": {"openClose": True, "change": 1, "save": {"includeText": False}},
    "completionProvider": {"triggerCharacters": [".", '"', " ", "("]},
    "hoverProvider": True,
    "definitionProvider": True,
    "referencesProvider": True,
    "renameProvider": True,
    "documentSymbolProvider": True,
    "foldingRangeProvider": True,
    "codeActionProvider": {"codeActionKinds": ["quickfix"]},
    "documentFormattingProvider": True,
    "semanticTokensProvider": {
        "legend": {"tokenTypes": list(convert.TOKEN_TYPES), "tokenModifiers": []},
        "full": True,
    },
}


class RequestError(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class LanguageServer:
    """One session with one editor, over two streams."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, log: Callable[[str], None]) -> None:
        self._incoming, self._outgoing, self._log = incoming, outgoing, log
        self._documents = Documents()
        self._published: dict[str, JSON] = {}
        self._state = "new"
        self._snippets = False
        self._requests: dict[str, Callable[[Params], JSON]] = {
            "initialize": self._initialize,
            "shutdown": self._shutdown,
            "textDocument/completion": self._completion,
            "textDocument/hover": self._hover,
            "textDocument/definition": self._definition,
            "textDocument/references": self._references,
            "textDocument/rename": self._rename,
            "textDocument/documentSymbol": self._symbols,
            "textDocument/foldingRange": self._folding,
            "textDocument/semanticTokens/full": self._semantic_tokens,
            "textDocument/codeAction": self._actions,
            "textDocument/formatting": self._format,
        }
        self._notifications: dict[str, Callable[[Params], None]] = {
            "initialized": lambda params: self._publish(),
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
                message = read_frame(self._incoming)
            except FrameError as error:
                self._answer(None, error=RequestError(PARSE_ERROR, str(error)))
                continue
            if message is None:
                return 1
            if not isinstance(message, dict) or not isinstance(message.get("method", ""), str):
                self._answer(
                    None, error=RequestError(INVALID_REQUEST, "a message is an object with a method")
                )
                continue
            if message.get("method") == "exit":
                return 0 if self._state == "stopped" else 1
            self._handle(message)

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
        self._snippets = bool(item.get("snippetSupport"))
        folders = [folder["uri"] for folder in params.get("workspaceFolders") or ()]
        for uri in folders or [u for u in (params.get("rootUri"),) if u]:
            self._documents.open_root(uri)
        self._state = "running"
        return {
            "capabilities": CAPABILITIES,
            "serverInfo": {"name": "rulelang", "version": version("rulelang")},
        }

    def _shutdown(self, params: Params) -> None:
        self._state = "stopped"

    # --- documents ---

    def _opened(self, params: Params) -> None:
        document = params["textDocument"]
        self._documents.change(document["uri"], document["text"])
        self._publish()

    def _changed(self, params: Params) -> None:
        self._documents.change(params["textDocument"]["uri"], params["contentChanges"][-1]["text"])
        self._publish()

    def _closed(self, params: Params) -> None:
        self._documents.close(params["textDocument"]["uri"])
        self._publish()

    def _saved(self, params: Params) -> None:
        self._documents.reload()
        self._publish()

    def _publish(self) -> None:
        """Tell what is wrong in each file where it is not what was told last."""
        found: dict[str, list[JSON]] = {}
        for project in self._documents.projects():
            if project.problem:
                self._notify("window/showMessage", {"type": 2, "message": project.problem})
                project.problem = ""
            for each in project.service.workspace.diagnostics:
                uri = project.uri(each.source.path)
                found.setdefault(uri, []).append(convert.diagnostic(each, project.uri))
        for uri in {**self._published, **found, **dict.fromkeys(self._documents.addresses())}:
            now = found.get(uri, [])
            if self._published.get(uri) != now:
                self._published[uri] = now
                self._notify("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": now})

    # --- requests ---

    def _document(self, params: Params) -> tuple[Project, str, Source]:
        uri = params["textDocument"]["uri"]
        project, path = self._documents.of(uri)
        file = project.service.workspace.files.get(path)
        if file is None:
            raise RequestError(INVALID_PARAMS, "this document is not open and no rule file of the workspace")
        return project, path, file.source

    def _place(self, params: Params) -> tuple[Project, str, Source, int]:
        project, path, source = self._document(params)
        return project, path, source, _offset(source, params["position"])

    def _completion(self, params: Params) -> JSON:
        project, path, source, offset = self._place(params)
        found = project.service.completion(path, source.text, offset)
        return [convert.completion(c, n, source, self._snippets) for n, c in enumerate(found)]

    def _hover(self, params: Params) -> JSON:
        project, path, source, offset = self._place(params)
        found = project.service.hover(path, source.text, offset)
        return convert.hover(found, source) if found is not None else None

    def _definition(self, params: Params) -> JSON:
        project, path, _, offset = self._place(params)
        found = project.service.definition(path, offset)
        return convert.location(found, project.uri) if found is not None else None

    def _references(self, params: Params) -> JSON:
        project, path, _, offset = self._place(params)
        declaration = bool(params.get("context", {}).get("includeDeclaration", True))
        found = project.service.references(path, offset, declaration)
        return [convert.location(each, project.uri) for each in found]

    def _rename(self, params: Params) -> JSON:
        project, path, _, offset = self._place(params)
        try:
            return convert.edits(project.service.rename(path, offset, params["newName"]), project.uri)
        except RenameError as error:
            raise RequestError(REQUEST_FAILED, str(error)) from None

    def _symbols(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        return [convert.symbol(each, source) for each in project.service.symbols(path)]

    def _folding(self, params: Params) -> JSON:
        project, path, _ = self._document(params)
        return [convert.folding(each) for each in project.service.folding(path)]

    def _semantic_tokens(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        return convert.semantic_tokens(project.service.semantic_tokens(path), source)

    def _actions(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        only = params.get("context", {}).get("only")
        if only and "quickfix" not in only:
            return []
        places = params["range"]
        span = Span(_offset(source, places["start"]), _offset(source, places["end"]))
        return [convert.action(each, project.uri) for each in project.service.fixes(path, span)]

    def _format(self, params: Params) -> JSON:
        project, path, source = self._document(params)
        text = project.service.format(path, source.text)
        if text is None:
            return None
        if text == source.text:
            return []
        raw = self._documents.text(params["textDocument"]["uri"]) or ""
        text = text.replace("\n", "\r\n") if "\r\n" in raw else text
        return [{"range": convert.range_of(source, Span(0, len(source.text))), "newText": text}]


def _offset(source: Source, position: Params) -> int:
    return source.utf16_offset(position["line"], position["character"])
