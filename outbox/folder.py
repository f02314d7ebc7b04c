"""Where letters go when there is no mail server: a folder, one .eml file each."""

from pathlib import Path

from django.conf import settings


def letter_in_folder(message_id: int) -> bytes | None:
    """The bytes of a letter that was written there; None where there is none."""
    found = sorted(Path(settings.LETTERS_DIR).glob(f"{message_id:08d}-*.eml"))
    return found[0].read_bytes() if found else None


class FolderChannel:
    """Writes letters to settings.LETTERS_DIR; the demo's /letters/ page reads them there."""

    def __init__(self) -> None:
        self._name = ""

    def offer(self, *, sender: str, recipient: str, name: str) -> None:
        self._name = name

    def transmit(self, body: bytes) -> None:
        """Write the whole letter or nothing; the same letter again replaces itself."""
        folder = Path(settings.LETTERS_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{self._name}.part"
        unfinished.write_bytes(body)
        unfinished.rename(folder / f"{self._name}.eml")

    def settle(self) -> None:
        """It is there as soon as it is written."""

    def abandon(self) -> None:
        """Nothing was written yet."""

    def close(self) -> None:
        """Nothing is open."""
