"""Keras and PyTorch, to compare with: in an environment of their own, made at its first use."""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ENVIRONMENT = HERE / ".venv"


def python() -> Path:
    """The interpreter that has what requirements.txt here names."""
    interpreter = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "complete").exists():
        print(f"Installing {HERE / 'requirements.txt'} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
        subprocess.run(
            [interpreter, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True
        )
        (ENVIRONMENT / "complete").touch()
    return interpreter


def printed(interpreter: Path | str, *arguments: object) -> float:
    """The number in the last line that a program prints."""
    command = [str(part) for part in (interpreter, *arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.splitlines()[-1])
