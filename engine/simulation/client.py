"""The deployment's HTTP API as the simulated annotator uses it."""

import base64
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
from numpy.typing import NDArray

from engine.errors import InvalidInput, MaskloopError, Unreachable

Json = dict[str, Any]

PATIENCE = 3600.0
"""Seconds to wait for something that a person at the page would wait for, such as an embedding, before giving up."""

LONG_PATIENCE = 24 * 3600.0
"""Seconds to wait for a batch or a retraining run, which may well take hours."""

_POLL = 0.5
_TIMEOUT = 300.0
_TRIES = 5
_GATEWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT)


class Refused(MaskloopError):
    """The deployment refused a request; the message is its own sentence."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        super().__init__(detail)


class TookTooLong(MaskloopError):
    """What the workers were to do is not done after all the time it was given."""


@dataclass(frozen=True)
class Decoded:
    """Low-resolution logits 4×S×S (0 is the single mask, 1 to 3 the candidates) and their predicted IoU."""

    low_res_logits: NDArray[np.float16]
    predicted_iou: tuple[float, ...]


class Client:
    """A signed-in person at a deployment. Use as a context manager; every call may raise Refused or Unreachable."""

    def __init__(self, link: str) -> None:
        """Signs in by a one-time link, `http://HOST/sign-in?token=…`. Raises InvalidInput for anything else."""
        parts = urlsplit(link)
        token = parse_qs(parts.query).get("token")
        if parts.scheme not in ("http", "https") or not token:
            raise InvalidInput(f"{link} is no sign-in link; `maskloop link` prints one.")
        base, _, _ = link.partition("/sign-in")
        # A deployment on this machine is reached directly, whatever proxy the environment names.
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        self._http = httpx.Client(base_url=f"{base}/api/v1", timeout=_TIMEOUT, trust_env=not local)
        try:
            self.send("POST", "/sign-in", tries=1, json={"token": token[0]})
        except MaskloopError:
            self._http.close()
            raise

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **parameters: Any) -> Any:
        return self.send("GET", path, params=parameters).json()

    def post(self, path: str, body: object = None) -> Any:
        answer = self.send("POST", path, json=body)
        return answer.json() if answer.content else None

    def put(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
        return self.send("PUT", path, json=body, headers=headers).json()

    def send(self, method: str, path: str, *, tries: int = _TRIES, **content: Any) -> httpx.Response:
        """Sends a request, again where a restarting server did not answer: every call here is safe to repeat."""
        for attempt in range(1, tries + 1):
            try:
                answer = self._http.request(method, path, **content)
            except httpx.TransportError as error:
                if attempt == tries:
                    raise Unreachable(f"{self._http.base_url} does not answer: {error}.") from error
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in _GATEWAY or attempt == tries:
                    raise Refused(answer.status_code, _detail(answer))
            time.sleep(attempt)
        raise AssertionError("the last try returns or raises")

    def upload(self, project_id: str, name: str, data: bytes) -> Json:
        """The image as the API describes it; a file that is there already is answered the same."""
        return self.send("POST", f"/projects/{project_id}/images", files={"file": (name, data)}).json()

    def live_model(self) -> Json:
        """The model people click with, once the deployment has one that can decode."""
        for _ in waiting("the live model"):
            try:
                model: Json = self.get("/models/live")
            except Refused as refused:
                if refused.status != HTTPStatus.NOT_FOUND:
                    raise
            else:
                if model["decode_url"]:
                    return model
        raise AssertionError("waiting raises")

    def wait_for_embedding(self, image_id: str, model_id: str) -> None:
        """Asks for an image's embedding, as an opened page does, until it is there."""
        for _ in waiting("an embedding"):
            answer = self.send("GET", f"/images/{image_id}/embedding", params={"model_id": model_id})
            if answer.status_code == HTTPStatus.OK:
                return
            state = answer.json()
            if state["state"] == "failed":
                raise Refused(answer.status_code, f"The image {image_id} cannot be embedded: {state['error']}")

    def fetch_ahead(self, image_id: str, model_id: str) -> None:
        """Asks for the embedding of an image that comes up soon, behind what people wait for."""
        self.send("GET", f"/images/{image_id}/embedding", params={"model_id": model_id, "prefetch": "true"})

    def decode(
        self, image_id: str, model_id: str, points: list[Json], mask_input: NDArray[np.float16] | None
    ) -> Decoded:
        """Masks for points of the image frame, each {"x", "y", "label"}; `mask_input` are the logits S×S before."""
        body: Json = {"model_id": model_id, "points": points}
        if mask_input is not None:
            body["mask_input"] = base64.b64encode(np.ascontiguousarray(mask_input, "<f2").tobytes()).decode("ascii")
        answer = self.post(f"/images/{image_id}/decode", body)
        logits = np.frombuffer(base64.b64decode(answer["low_res_logits"]), "<f2")
        side = round((logits.size / 4) ** 0.5)
        return Decoded(logits.reshape(4, side, side), tuple(answer["predicted_iou"]))

    def create_mask(self, image_id: str, mask_id: str, body: Json) -> None:
        """Saves a new mask under an id of the caller's. One that is stored under that id already stays as it is."""
        try:
            self.put(f"/images/{image_id}/masks/{mask_id}", body, {"If-None-Match": "*"})
        except Refused as refused:
            if refused.status != HTTPStatus.CONFLICT:
                raise
            if mask_id not in {mask["id"] for mask in self.get(f"/images/{image_id}/masks")}:
                raise


def waiting(for_what: str, patience: float = PATIENCE) -> Iterator[None]:
    """Comes round every moment until the caller leaves the loop. Raises TookTooLong after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        yield
        time.sleep(_POLL)
    raise TookTooLong(f"Waited {patience / 60:.0f} minutes for {for_what}: is a worker running?")


def _detail(answer: httpx.Response) -> str:
    """The sentence of a problem+json answer."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.request.method} {answer.request.url.path} was answered with status {answer.status_code}."
