"""The hub's key file: made once, for its owner alone, never lost when new keys are made."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kiosk.errors import StoreError
from kiosk.hub.keys import ACTIVE, OLD, SEAL, SIGN, KeyFile


def test_keys_are_made_at_the_first_start_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "hub" / "keys"
    made = KeyFile(path).current()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["keys"]
    again = KeyFile(path).current()
    assert (again.signer.secret, again.sealing.secret) == (made.signer.secret, made.sealing.secret)
    assert again.hashed_nik("9901011208800003") == made.hashed_nik("9901011208800003")


def test_processes_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    files = [KeyFile(tmp_path / "keys") for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert len({keys.signer.id for keys in pool.map(KeyFile.current, files)}) == 1


@pytest.mark.parametrize("purpose", [SIGN, SEAL])
def test_a_new_key_stands_in_for_the_old_one_which_stays(key_file: KeyFile, purpose: str) -> None:
    before = key_file.current()
    other = KeyFile(key_file.path)
    assert other.current().publics() == before.publics()
    key_file.rotate(purpose)
    after = other.current()
    assert [(one.purpose, one.state) for one in after.all if one.purpose == purpose] == [
        (purpose, OLD),
        (purpose, ACTIVE),
    ]
    assert (after.signer.id == before.signer.id, after.sealing.id == before.sealing.id) == (
        purpose != SIGN,
        purpose != SEAL,
    )
    assert before.sealing.id in after.openers
    assert {one.id for one in before.all} <= {one.id for one in after.all}
    assert stat.S_IMODE(key_file.path.stat().st_mode) == 0o600
    assert [one.name for one in key_file.path.parent.iterdir()] == [key_file.path.name]


def test_publics_tell_nothing_secret(key_file: KeyFile) -> None:
    keys = key_file.current()
    told = json.dumps(keys.publics())
    assert all(one.key.secret.hex() not in told for one in keys.all)
    assert keys.lookup.hex() not in told


def test_a_file_that_others_can_read_is_refused(key_file: KeyFile) -> None:
    key_file.current()
    key_file.path.chmod(0o640)
    with pytest.raises(StoreError, match=r"hub\.keys_mode: .*chmod 600"):
        KeyFile(key_file.path).current()


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"version": 1, "lookup": "00", "keys": []}', b'{"version": 1, "keys": [{}]}'],
)
def test_a_damaged_file_is_never_written_over(key_file: KeyFile, content: bytes) -> None:
    key_file.path.write_bytes(content)
    key_file.path.chmod(0o600)
    with pytest.raises(StoreError, match=r"hub\.keys_damaged"):
        key_file.current()
    assert key_file.path.read_bytes() == content


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"hub\.keys_io"):
        KeyFile(tmp_path / "file" / "keys").current()
