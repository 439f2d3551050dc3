"""Directories of this machine that containers see."""

from pathlib import Path
from tempfile import TemporaryDirectory

from streamspace_sandbox.kubernetes.kubelet import directories
from streamspace_sandbox.kubernetes.kubelet.podman import Mount


def test_directory_behind_a_closed_one_is_made_reachable(tmp_path: Path) -> None:
    # Not in pytest's own directory, which is closed to others.
    with TemporaryDirectory(dir="/var/tmp") as directory:
        Path(directory).chmod(0o755)
        check_reachable(Path(directory), tmp_path)


def check_reachable(open_directory: Path, tmp_path: Path) -> None:
    gate, place = open_directory / "closed", open_directory / "closed" / "a" / "project"
    place.mkdir(parents=True)
    gate.chmod(0o700)
    found = directories.find([place])
    assert found.gates == (gate,)
    mounts = found.mounts(tmp_path / "scratch", [])
    assert mounts[1] == Mount(place, str(place), read_only=True)
    assert mounts[0].target == str(gate)
    assert (mounts[0].source / "a" / "project").is_dir()
    assert mounts[0].source.stat().st_mode & 0o001
    gate.chmod(0o755)
    assert directories.find([place]).gates == ()


def test_directory_that_a_volume_hides_is_mounted_over_it(tmp_path: Path) -> None:
    place = Path("/scratch/project")
    found = directories.SharedDirectories((place, Path("/usr/lib")), (), ())
    over = Mount(place, str(place), read_only=True)
    assert found.mounts(tmp_path, [Mount(tmp_path, "/scratch"), Mount(tmp_path, "/home")]) == [over]
    assert found.mounts(tmp_path, [Mount(tmp_path, "/scratch/project/reports"), Mount(tmp_path, "/scr")]) == []
