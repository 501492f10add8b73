"""What is trained: the experiments as Collapsar reads them, from the same files. Standard library only, since the runner reads it too."""

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PRESETS = ROOT / "assets" / "presets"

FILES = {
    "image": HERE / "image.toml",
    "plane": HERE / "plane.toml",
    "collapse-2d": PRESETS / "collapse-2d.toml",
    "fashion": PRESETS / "fashion.toml",
}
VARIANTS = ("standard", "brenier")

# Where an experiment's file may set what no peer has to know: these do not change a step.
IRRELEVANT = {"seed", "steps"}


@dataclass(frozen=True)
class Settings:
    """One variant. Defaults are those of `src/experiment/settings.rs`."""

    source: str = "pinwheel"
    examples: int = 10_000
    latent_dimensions: int = 2
    hidden: tuple = (64, 64)
    likelihood: str = "gaussian"
    sigma: float = 1.0
    decoder: str = "standard"
    convexity: float = 1.0
    projection: str = "identity"
    latent_map_hidden: tuple | None = None
    output_map_hidden: tuple | None = None
    quadratic_rank: int = 64
    learning_rate: float = 2e-3
    batch_size: int = 128
    gradient_clip: float = 5.0


def settings(experiment, variant):
    """The settings of one variant, overrides applied. A key that the peers do not have is an error: they would train something else."""
    file = FILES[experiment]
    table = tomllib.loads(file.read_text())
    sections = [table.pop(section, {}) for section in ("data", "model", "optimizer")]
    sections += table.pop("variants", {})[variant].values()
    unknown = table.keys() - IRRELEVANT
    known = {field.name for field in dataclasses.fields(Settings)}
    values = {}
    for section in sections:
        unknown |= section.keys() - known
        values |= {key: tuple(value) if isinstance(value, list) else value for key, value in section.items()}
    if unknown:
        raise SystemExit(f"{file}: the peers do not know {', '.join(sorted(unknown))}")
    return Settings(**values)


def alone(experiment, variant):
    """The experiment's file with one variant left."""
    lines, kept = [], True
    for line in FILES[experiment].read_text().splitlines(keepends=True):
        if line.startswith("["):
            kept = not line.startswith("[variants.") or line.startswith((f"[variants.{variant}.", f"[variants.{variant}]"))
        if kept:
            lines.append(line)
    return "".join(lines)
