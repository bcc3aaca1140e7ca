"""Where Twilio asks how a call goes on: each address is signed, and belongs to one effect of the last day."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from runtime.engine.work import Arrival
from runtime.events import EventError, body_hash
from runtime.model import Effect
from runtime.settings import Secret, SettingsError
from stdlib_actions.twilio.voice import PHASES, address, answer, signature
from web.body import read_body
from web.context import AppContext, committed, context_of
from web.problems import Problem
from web.routing import Answer, Endpoint, Parameter
from web.runs import find_effect

_DAY = 86_400_000
_MAX_FORM = 16 * 1024


async def voice(request: Request) -> Response:
    """The next turn of a call, as TwiML. A key that was pressed is the event `call.key_pressed`."""
    context, key = context_of(request), request.path_params["key"]
    token = _token(context)
    phase = request.query_params.get("phase", "")
    if not hmac.compare_digest(signature(token, key).encode(), request.query_params.get("s", "").encode()):
        raise Problem(403, "this address is not signed by us")
    row = await find_effect(context, key)
    flow = row.prepared.get("flow") if isinstance(row.prepared, dict) else None
    if flow is None or phase not in PHASES or context.clock() - row.effect.created_at > _DAY:
        raise Problem(404, "there is no such call")
    text = (await read_body(request, request.receive, _MAX_FORM)).decode("utf-8", "replace")
    form = {name: values[0] for name, values in parse_qs(text).items()}
    if phase == "pressed" and form.get("Digits"):
        await _pressed(context, row.effect, form)
    base = context.settings.twilio.voice_url
    links = {name: address(base, token, key, name) for name in PHASES if name}
    return Response(answer(flow, phase, form, links), media_type="text/xml")


def _token(context: AppContext) -> str:
    twilio, workspace = context.settings.twilio, context.workspace
    try:
        token = Secret(twilio.token_env, twilio.token_file).read(workspace.root, context.env)
    except SettingsError:
        token = ""
    if not token:
        raise Problem(404, "calls are not set up here")
    return token


async def _pressed(context: AppContext, effect: Effect, form: dict[str, str]) -> None:
    call = form.get("CallSid", "")[:100]
    data = {"digits": form["Digits"][:20], "call_id": call, "rule": effect.rule, "run": effect.run}
    raw = {
        "id": f"{effect.key}:pressed:{call}".replace(" ", ""),
        "type": "call.key_pressed",
        "subject": {"kind": effect.subject.kind, "id": effect.subject.id},
        "data": data,
        "source": "twilio",
    }
    try:
        arrival = Arrival(context.workspace.codec.read(raw, context.clock()), body_hash(raw))
    except EventError as error:
        raise Problem(422, str(error)) from None
    await committed(context.engine.submit([arrival]))


def endpoints() -> list[Endpoint]:
    """The route, open to strangers who hold a signed address."""
    return [
        Endpoint(
            "POST",
            "/voice/{key}",
            "",
            voice,
            "Say how a call goes on",
            "For Twilio alone. `s` is our signature of the call.",
            parameters=(Parameter("s", "our signature", required=True), Parameter("phase", "which turn")),
            bodies={"application/x-www-form-urlencoded": {"type": "object"}},
            answers={
                200: Answer("TwiML", media="text/xml"),
                403: Answer("the signature is wrong"),
                404: Answer("no such call"),
            },
            tag="calls",
            body_required=False,
        )
    ]
