"""Parcels on a stick: whole or not there, and nothing on a strange stick is followed or believed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.errors import CarrierError
from kiosk.sync import usb
from kiosk.sync.keys import SigningKey
from kiosk.sync.parcel import ANSWERS, EXPORT, BadParcelError, Manifest, Part
from kiosk.sync.usb import Contents

KIOSK = SigningKey.generate()
FILES = [Contents("envelopes-0001.bin", b"one" * 1000, 3), Contents("envelopes-0002.bin", b"", 0)]


def write(
    root: Path, signer: SigningKey = KIOSK, kiosk: str = "K1", files: list[Contents] = FILES
) -> Manifest:
    def manifest(number: int, parts: tuple[Part, ...]) -> Manifest:
        return Manifest(EXPORT, kiosk, False, number, 5, signer.id, parts)  # noqa: FBT003

    return usb.write_parcel(root, files, manifest, signer, kiosk=kiosk, kind=EXPORT)


def names(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*")}


def test_a_parcel_is_read_as_it_was_written(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    made = write(tmp_path)
    found = usb.open_parcel(usb.folder_of(tmp_path, "K1"), EXPORT, 1)
    found.verify([SigningKey.generate().public, KIOSK.public])
    found.check(lambda done, total: seen.append((done, total)))
    assert found.manifest == made
    assert [found.read(part) for part in made.parts] == [one.data for one in FILES]
    assert seen == [(3000, 3000), (3000, 3000)]
    assert usb.kiosks_on(tmp_path) == ["K1"]
    assert names(tmp_path) == {
        "kiosk-K1",
        "kiosk-K1/export-000001",
        "kiosk-K1/export-000001/manifest.json",
        "kiosk-K1/export-000001/envelopes-0001.bin",
        "kiosk-K1/export-000001/envelopes-0002.bin",
    }


def test_the_next_one_stands_beside_the_last_until_that_is_removed(tmp_path: Path) -> None:
    folder = usb.folder_of(tmp_path, "K1")
    write(tmp_path)
    newest = write(tmp_path)
    assert usb.numbers(folder, EXPORT) == [1, 2]
    assert usb.numbers(folder, ANSWERS) == []
    assert usb.remove_older(tmp_path, newest, KIOSK.public) == 1
    assert usb.numbers(folder, EXPORT) == [2]
    usb.open_parcel(folder, EXPORT, 2).check()


def test_what_others_put_there_is_not_removed(tmp_path: Path) -> None:
    folder = usb.folder_of(tmp_path, "K1")
    write(tmp_path, SigningKey.generate())
    mine = write(tmp_path)
    (folder / mine.folder / "letter.txt").write_text("not of the kiosk")
    (folder / ".export-000009.part").mkdir()
    (folder / ".export-000009.part" / "photo.jpg").write_bytes(b"x")
    newest = write(tmp_path)
    assert newest.number == 10
    usb.remove_older(tmp_path, newest, KIOSK.public)
    assert usb.numbers(folder, EXPORT) == [1, 2, 10]
    assert (folder / mine.folder / "letter.txt").exists()
    assert (folder / ".export-000009.part" / "photo.jpg").exists()
    usb.open_parcel(folder, EXPORT, 1).check()


def test_what_an_earlier_try_left_behind_is_removed(tmp_path: Path) -> None:
    partial = usb.folder_of(tmp_path, "K1") / ".export-000001.part"
    partial.mkdir(parents=True)
    (partial / "envelopes-0001.bin").write_bytes(b"half")
    write(tmp_path)
    assert not partial.exists()


@pytest.mark.parametrize("there", [False, True])
def test_a_stick_that_is_not_there(tmp_path: Path, there: bool) -> None:  # noqa: FBT001
    place = tmp_path / "stick"
    if there:
        place.write_text("a file")
    with pytest.raises(CarrierError, match=r"stick\.absent"):
        usb.root_of(place)
    assert usb.root_of(tmp_path) == tmp_path


def test_a_changed_or_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    found = usb.open_parcel(usb.folder_of(tmp_path, "K1"), EXPORT, 1)
    file = found.folder / "envelopes-0001.bin"
    whole = file.read_bytes()
    for place in range(0, len(whole), 97):
        file.write_bytes(whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :])
        with pytest.raises(BadParcelError, match=r"parcel\.hash.*envelopes-0001"):
            found.check()
    for changed in (whole[:-1], whole + b"x", b""):
        file.write_bytes(changed)
        with pytest.raises(BadParcelError, match=r"parcel\.hash"):
            found.check()
    file.unlink()
    with pytest.raises(BadParcelError, match=r"parcel\.missing.*envelopes-0001"):
        found.check()


def _as_link(file: Path) -> None:
    secret = file.parent.parent.parent / "secret"
    file.rename(secret)
    file.symlink_to(secret)


def _as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _as_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _as_endless(file: Path) -> None:
    os.truncate(file, 2**40)


@pytest.mark.parametrize("name", ["manifest.json", "envelopes-0001.bin"])
@pytest.mark.parametrize("change", [_as_link, _as_folder, _as_pipe, _as_endless])
def test_a_strange_file_is_refused_by_its_name(
    tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    write(tmp_path)
    folder = usb.folder_of(tmp_path, "K1")
    change(folder / "export-000001" / name)
    with pytest.raises((BadParcelError, CarrierError), match=name if name[0] == "e" else "export-000001"):
        usb.open_parcel(folder, EXPORT, 1).check()


def test_a_device_is_not_read() -> None:
    with pytest.raises(BadParcelError, match=r"parcel\.strange"):
        usb._read(Path("/dev/zero"), 10)


def test_a_folder_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    stick, elsewhere = tmp_path / "stick", tmp_path / "elsewhere"
    stick.mkdir()
    write(elsewhere_made(elsewhere))
    usb.folder_of(stick, "K1").symlink_to(usb.folder_of(elsewhere, "K1"))
    with pytest.raises(BadParcelError, match=r"parcel\.strange"):
        usb.numbers(usb.folder_of(stick, "K1"), EXPORT)
    with pytest.raises(BadParcelError, match=r"parcel\.strange"):
        write(stick)
    assert usb.numbers(usb.folder_of(elsewhere, "K1"), EXPORT) == [1]


def elsewhere_made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_parcel_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path)
    folder = usb.folder_of(tmp_path, "K1")
    (folder / "export-000002").symlink_to(folder / "export-000001")
    with pytest.raises(BadParcelError, match=r"parcel\.strange"):
        usb.open_parcel(folder, EXPORT, 2)
    (folder / ".export-000003.part").symlink_to(tmp_path)
    newest = write(tmp_path)
    usb.remove_older(tmp_path, newest, KIOSK.public)
    assert usb.numbers(folder, EXPORT) == [2, 4]


def test_a_parcel_under_another_name_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    folder = usb.folder_of(tmp_path, "K1")
    (folder / "export-000001").rename(folder / "export-000002")
    with pytest.raises(BadParcelError, match=r"parcel\.moved"):
        usb.open_parcel(folder, EXPORT, 2)
    (folder / "export-000002").rename(folder / "export-000001")
    folder.rename(usb.folder_of(tmp_path, "K2"))
    with pytest.raises(BadParcelError, match=r"parcel\.moved"):
        usb.open_parcel(usb.folder_of(tmp_path, "K2"), EXPORT, 1)


def test_other_names_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path)
    folder = usb.folder_of(tmp_path, "K1")
    for name in ("kiosk-k1", "kiosk-K1 ", "kiosk-TOOLONG", "kiosk-\x1b[2J", "kiosk-", "DCIM", "kiosk-K\n2"):
        (tmp_path / name).mkdir()
    for name in (
        "export-1",
        "export-0000001",
        "export-000002 ",
        "export-\x1b]0;x",
        "answers",
        "EXPORT-000003",
    ):
        (folder / name).mkdir()
    assert usb.kiosks_on(tmp_path) == ["K1"]
    assert usb.numbers(folder, EXPORT) == [1]


def test_a_folder_of_countless_names_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usb, "_MOST_NAMES", 20)
    for number in range(21):
        (tmp_path / str(number)).touch()
    with pytest.raises(BadParcelError, match=r"parcel\.too_many"):
        usb.kiosks_on(tmp_path)


def test_the_last_number_is_the_last(tmp_path: Path) -> None:
    (usb.folder_of(tmp_path, "K1") / "export-999999").mkdir(parents=True)
    with pytest.raises(CarrierError, match=r"stick\.full"):
        write(tmp_path)


# A stick that does not do what it is told.


class Failing:
    """A system call that fails, or does something else, at its n-th time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, at: int, error: int) -> None:
        self._real, self._left, self._error = getattr(os, name), at, error
        monkeypatch.setattr(os, name, self)

    def __call__(self, *arguments: object, **named: object) -> object:
        self._left -= 1
        if self._left == 0:
            raise OSError(self._error, os.strerror(self._error))
        return self._real(*arguments, **named)


_ERRORS = {
    errno.ENOSPC: "stick.full",
    errno.EIO: "stick.io",
    errno.ENODEV: "stick.gone",
    errno.EROFS: "stick.io",
}


@pytest.mark.parametrize("error", _ERRORS)
@pytest.mark.parametrize(
    ("call", "at"), [("write", 1), ("write", 2), ("fsync", 1), ("fsync", 2), ("fsync", 5)]
)
def test_a_stick_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, at: int, error: int
) -> None:
    first = write(tmp_path)
    before = names(tmp_path)
    with monkeypatch.context() as patch:
        Failing(patch, call, at, error)
        with pytest.raises(CarrierError) as refused:
            write(tmp_path)
    assert refused.value.code == _ERRORS[error]
    assert refused.value.exit_code == 5
    found = usb.open_parcel(usb.folder_of(tmp_path, "K1"), EXPORT, 1)
    found.check()
    assert found.manifest == first
    if (call, at) != ("fsync", 5):
        assert names(tmp_path) == before


def test_a_stick_that_takes_a_write_by_half_is_written_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:7])))
    write(tmp_path)
    usb.open_parcel(usb.folder_of(tmp_path, "K1"), EXPORT, 1).check()


@pytest.mark.parametrize("size", [0, 100, 2999])
def test_a_stick_that_gives_back_something_else_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """A stick of less memory than it says takes every byte and gives back others."""
    real = os.write
    monkeypatch.setattr(
        os,
        "write",
        lambda descriptor, data: real(descriptor, bytes(data[:size]) + bytes(max(0, len(data) - size))),
    )
    with pytest.raises(CarrierError, match=r"stick\.check"):
        write(tmp_path)
    assert usb.numbers(usb.folder_of(tmp_path, "K1"), EXPORT) == []


def test_a_folder_that_cannot_be_synced_alone_is_synced_with_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112 - a link of the kernel
            raise OSError(errno.EINVAL, "")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "sync", lambda: synced.append(True))
    write(tmp_path)
    assert len(synced) == 3
