"""The one error tree. Rooms raise these; `api/errors.py` maps each branch to an HTTP status, the CLI to exit code 2.

A message is a sentence for the person who caused the error: what is wrong and what to do about it.
"""


class MaskloopError(Exception):
    """Base of every error a user can cause or be told about."""


class InvalidInput(MaskloopError):
    """What was sent cannot be used (HTTP 422)."""


class InvalidImage(InvalidInput):
    """The bytes are not an image that can be decoded (HTTP 415)."""


class ImageTooLarge(InvalidInput):
    """More pixels, or more bytes, than this deployment accepts (HTTP 413).

    `limit` and `got` are in the same unit, named by `unit` ("pixels" or "bytes").
    """

    def __init__(self, limit: int, got: int, unit: str = "pixels") -> None:
        self.limit, self.got, self.unit = limit, got, unit
        super().__init__(
            f"The image has {got:,} {unit}; this deployment accepts at most {limit:,}. "
            "Send a smaller image or raise the limit in the settings."
        )


class InvalidMask(InvalidInput):
    """A mask whose RLE, size or fields make no sense for its image (HTTP 422)."""


class NotFound(MaskloopError):
    """The named thing does not exist, or this user may not know that it does (HTTP 404)."""

    def __init__(self, what: str, name: object) -> None:
        self.what, self.name = what, name
        super().__init__(f"There is no {what} {name}.")


class VersionConflict(MaskloopError):
    """The stored version is newer than the one the client started from (HTTP 409)."""

    def __init__(self, what: str, expected: int, stored: int) -> None:
        self.what, self.expected, self.stored = what, expected, stored
        super().__init__(
            f"This {what} was changed by someone else: you edited version {expected}, version {stored} is stored. "
            "Load the stored version and choose which to keep."
        )


class Conflict(MaskloopError):
    """The request contradicts what is stored, and repeating it will not help (HTTP 409)."""


class NotSignedIn(MaskloopError):
    """No session, or one that has ended (HTTP 401)."""


class SignInLinkInvalid(NotSignedIn):
    """The sign-in link is unknown, used, or too old (HTTP 401)."""


class NotAllowed(MaskloopError):
    """Signed in, but this role may not do this (HTTP 403)."""


class InvalidCheckpoint(InvalidInput):
    """The file is not a checkpoint of the named architecture; the message names the first mismatching keys."""


class DownloadFailed(MaskloopError):
    """Another machine could not be reached, broke off, or sent something else than it was asked for."""


class Unreachable(DownloadFailed):
    """No connection could be made, or it broke and did not come back."""


class InvalidSetting(MaskloopError):
    """A setting of the deployment or a combination of options cannot work."""


class OutOfMemory(MaskloopError):
    """The machine has not enough memory for what was asked, even in the smallest pieces."""
