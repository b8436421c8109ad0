"""The console's pages by their URLs, each as HTML and as JSON; errors are pages too."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from apitrail.errors import Error, FormatError, UsageError
from apitrail.reading import event_detail
from apitrail.web.console import (
    alerts_page,
    approvals_page,
    assets,
    event_page,
    exports,
    headers,
    history_page,
    insights_page,
    listings,
    live_page,
    live_stream,
    muting_forms,
    policy_page,
    resource_page,
    run_page,
    search_words,
    templating,
    trust_page,
    who_page,
)
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import UrlState

type Show = Callable[[Console, Request], Page]
type Act = Callable[[Console, Mapping[str, str]], str]
"""Does what a form says; gives the page to show next."""

# Where a page is → what shows it. `.json` after it is the same for programs.
PAGES: Mapping[str, Show] = {
    "/events": history_page.show,
    "/live": live_page.show,
    "/insights": insights_page.show,
    "/alerts": alerts_page.show,
    "/insight/{name}": insights_page.detail,
    "/approvals": approvals_page.show,
    "/trust": trust_page.show,
    "/policy": policy_page.show,
    "/who": listings.callers,
    "/run": listings.runs,
    "/resource": listings.resources,
    "/who/{name:path}": who_page.show,
    "/run/{name:path}": run_page.show,
    "/resource/{name:path}": resource_page.show,
    "/event/{name}": event_page.show,
    "/event/{name}/as/{form}": event_page.script,
}
NAVIGATION = (
    ("/", "Event history"),
    ("/live", "Live"),
    ("/insights", "Insights"),
    ("/alerts", "Alerts"),
    ("/approvals", "Approvals"),
    ("/resource", "Resources"),
    ("/who", "Callers"),
    ("/run", "Runs"),
    ("/trust", "Trust"),
)
_ENDINGS = (".json", ".html")
# A reason of 1,000 characters, each of which may become twelve.
_FORM_LIMIT = 16 * 1024


class Site:
    """Pages as answers."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._templates = templating.environment()
        self._assets = assets.load()
        self._version = assets.version(self._assets)

    def prepare(self) -> None:
        """Do what the first pages need and later ones do not: templates are compiled, calls counted."""
        for name in self._templates.list_templates():
            self._templates.get_template(name)
        # What is wrong with the log is told to whoever asks for a page.
        with suppress(Error):
            history_page.prepare(self._console)

    def routes(self) -> list[Route]:
        """Routes for everything but the bucket, which takes what is left."""
        found = [
            Route(f"{path}{ending}", self._answering(show), methods=["GET"])
            for path, show in PAGES.items()
            for ending in (*_ENDINGS, "")
        ]
        return [
            Route("/", self._answering(history_page.show), methods=["GET"]),
            Route("/search", self._sending(_found), methods=["GET"]),
            Route("/export", self._sending(exports.answer), methods=["GET"]),
            Route("/static/{version}/{name}", self._asset, methods=["GET"]),
            Route("/trust", self._verify, methods=["POST"]),
            Route("/insights/mute", self._acting(muting_forms.mute), methods=["POST"]),
            Route("/alerts/retry", self._acting(alerts_page.retry), methods=["POST"]),
            Route("/insights/unmute", self._acting(muting_forms.lift), methods=["POST"]),
            Route("/approvals/decide", self._acting(approvals_page.decide), methods=["POST"]),
            Route(
                "/approvals/link/{token}", self._answering(approvals_page.linked), methods=["GET"]
            ),
            Route("/approvals/link/{token}", self._linked, methods=["POST"]),
            Route("/trust/progress.json", self._answering(trust_page.following), methods=["GET"]),
            Route("/live/events", self._stream, methods=["GET"]),
            Route("/event/{name}/proof", self._sending(_proof), methods=["GET"]),
            *found,
        ]

    def _answering(self, show: Show) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(self._page, show, request)

        return answer

    def _page(self, show: Show, request: Request) -> Response:
        is_json = request.url.path.endswith(".json")
        try:
            page = show(self._console, request)
        except Error as error:
            page = problem(error)
        return self._as_json(page) if is_json else self._as_html(page, request)

    def _as_json(self, page: Page) -> Response:
        content = {"title": page.title, "command": page.command, **page.shown}
        return JSONResponse(content, page.status, headers=dict(headers.FRESH))

    def _as_html(self, page: Page, request: Request) -> Response:
        with self._console.source() as source:
            size, unusual = source.size, insights_page.recent(self._console, source)
        self._console.verdict.start_if_due(size)
        template = self._templates.get_template(page.template)
        html = template.render(
            page=page, shown=page.shown, path=request.url.path, navigation=NAVIGATION,
            twin=_twin(request), version=self._version, form_token=self._console.form_token,
            standing=self._console.verdict.standing, now=self._console.served.clock(),
            is_bundle=self._console.served.is_bundle, size=size, insights_now=unusual,
            served=str(self._console.served.path), **(page.helpers or {}),
        )  # fmt: skip
        return HTMLResponse(html, page.status, headers=dict(headers.FRESH))

    def problem(self, request: Request, error: Error, status: int) -> Response:
        """An answer that says what is wrong, in the form that was asked for."""
        page = problem(error, status)
        is_json = request.url.path.endswith(".json")
        return self._as_json(page) if is_json else self._as_html(page, request)

    def failed(self, request: Request, error: Exception) -> Response:
        """A fault of ours; what happened is on the server's stderr."""
        text = f"something went wrong here ({type(error).__name__})"
        hint = "the server says on stderr what happened; please report it"
        return self.problem(request, Error(text, hint=hint), 500)

    # -- what is no page ---------------------------------------------------------------------

    def _sending(
        self, send: Callable[[Console, Request], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        """An answer that is no page, or the page that says why there is none."""

        def sent(request: Request) -> Response:
            try:
                return send(self._console, request)
            except Error as error:
                return self._as_html(problem(error), request)

        async def answer(request: Request) -> Response:
            return await run_in_threadpool(sent, request)

        return answer

    async def _stream(self, request: Request) -> Response:
        try:
            return live_stream.answer(self._console, self._templates, request)
        except Error as error:
            return self._as_html(problem(error), request)

    async def _verify(self, request: Request) -> Response:
        """Verify now; the page that is shown next tells how far it is."""
        if await self._form(request) is None:
            return self._foreign(request)
        self._console.verdict.start()
        return RedirectResponse("/trust", 303, headers=dict(headers.FRESH))

    def _acting(self, act: Act) -> Callable[[Request], Awaitable[Response]]:
        """What a form asks for; then the page that shows it."""

        async def answer(request: Request) -> Response:
            form = await self._form(request)
            if form is None:
                return self._foreign(request)
            try:
                then = await run_in_threadpool(act, self._console, form)
            except Error as error:
                return self._as_html(problem(error), request)
            return RedirectResponse(then, 303, headers=dict(headers.FRESH))

        return answer

    async def _linked(self, request: Request) -> Response:
        """A link decides once. It is a secret itself, so its page needs no token of ours."""
        form = await self._said(request)
        if form is None:
            return self._foreign(request)
        token = str(request.path_params["token"])
        try:
            then = await run_in_threadpool(approvals_page.decide_linked, self._console, token, form)
        except Error as error:
            return self._as_html(approvals_page.refused(error), request)
        return RedirectResponse(then, 303, headers=dict(headers.FRESH))

    def _foreign(self, request: Request) -> Response:
        return self.problem(request, UsageError("this form is not of a page of this server"), 403)

    async def _asset(self, request: Request) -> Response:
        found = self._assets.get(request.path_params["name"])
        if found is None:
            return self.problem(request, UsageError("there is no such file"), 404)
        # Modules name each other without a version: it is in the path before them all.
        is_ours = request.path_params["version"] == self._version
        told = headers.KEPT if is_ours else headers.FRESH
        return Response(found.content, media_type=found.kind, headers=dict(told))

    async def _form(self, request: Request) -> Mapping[str, str] | None:
        """What a form of ours says; None where it was on no page of ours: others do not have its
        token."""
        given = await self._said(request)
        if given is None:
            return None
        token = given.pop("token", "").encode()
        return given if hmac.compare_digest(token, self._console.form_token.encode()) else None

    async def _said(self, request: Request) -> dict[str, str] | None:
        """The fields of a form; None where it is too long to be one of ours."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _FORM_LIMIT:
                return None
        return {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}


def problem(error: Error, status: int | None = None) -> Page:
    """The page that says what is wrong, and what to do next."""
    text = str(error)
    missing = isinstance(error, UsageError) and text.startswith(
        ("no event ", "no insight ", "no run ", "nobody here", "no call here")
    )
    return Page(
        template="problem.html", title="This cannot be shown",
        shown={"error": text, "hint": error.hint},
        status=status or (404 if missing else 500 if isinstance(error, FormatError) else 400),
    )  # fmt: skip


def _found(console: Console, request: Request) -> Response:
    """Words from the search box become a filter, so that the URL says what they meant."""
    pairs = [each for each in request.query_params.multi_items() if each[0] not in ("q", "page")]
    page = "/live" if request.query_params.get("page") == "/live" else "/"
    with console.source() as source:
        text = request.query_params.get("q", "")
        state = search_words.meant(source, text, UrlState.parse(pairs))
    return RedirectResponse(state.href(page), 303, headers=dict(headers.FRESH))


def _proof(console: Console, request: Request) -> Response:
    """The proof of an event's entry as a file, as `apitrail show --proof` prints it."""
    name = str(request.path_params["name"])
    with console.source() as source:
        text = event_detail.proof(source, name)
    told = {
        **headers.FRESH, "Content-Disposition": f'attachment; filename="{name[:36]}.tlog-proof"'
    }  # fmt: skip
    return Response(text, media_type="text/plain; charset=utf-8", headers=told)


def _twin(request: Request) -> str:
    """The same page for programs."""
    path = request.url.path.removesuffix(".html")
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{'/events' if path == '/' else path}.json{query}"
