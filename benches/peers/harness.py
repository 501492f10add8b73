"""Arguments, clock and answer of a peer; a peer gives it a way to make trainers.

A trainer has `reset()`, which goes back to the initial weights, `step()`, which returns the optimizer steps it took, `finish()`, which waits for all
of them, `losses`, the losses read back so far, and `parameters`, the count of its weights.
"""

import argparse
import json
import os
import sys
import time

from experiments import FILES, VARIANTS, settings
from models import Positions, initial, training_data

# Not counted: compilation, allocators that settle.
WARM_UP_SECONDS = 0.5
# The loss at the end is a mean over so many steps.
LAST_STEPS = 100


def arguments(description, add=lambda parser: None):
    """The command line; also holds the process to the threads asked for, which has to come before a framework is imported."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--experiment", choices=FILES)
    parser.add_argument("--variants", default="standard", metavar="NAME[,NAME]", help=" or ".join(VARIANTS) + "; two are stepped in turn")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="time to train for, after a warm-up")
    parser.add_argument("--serve", action="store_true", help="read such requests as JSON lines from standard input, and answer each with a line")
    add(parser)
    options = parser.parse_args()
    if not options.serve and options.experiment is None:
        parser.error("--experiment or --serve")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    return options


def run(options, framework, make):
    """Trains as the arguments say, and prints a line of JSON. `make(settings, data, weights, fixed, positions)` makes a trainer."""
    trainers = {}

    def trainer(experiment, variant):
        if (experiment, variant) not in trainers:
            of = settings(experiment, variant)
            data = training_data(of)
            trainers[experiment, variant] = make(of, data, *initial(of, data), Positions(len(data), of.batch_size))
        return trainers[experiment, variant]

    def answer(experiment, variants, seconds):
        measured = measure({variant: trainer(experiment, variant) for variant in variants}, seconds)
        about = {"framework": framework, "experiment": experiment, "variants": variants, "threads": options.threads}
        print(json.dumps(about | measured), flush=True)

    if options.serve:
        for line in sys.stdin:
            answer(**json.loads(line))
    else:
        answer(options.experiment, options.variants.split(","), options.seconds)


def measure(trainers, seconds):
    """Rate and losses of trainers that take turns."""
    for trainer in trainers.values():
        trainer.reset()
    train(trainers, WARM_UP_SECONDS)
    cpu = time.process_time()
    rounds, elapsed = train(trainers, seconds)
    cpu = time.process_time() - cpu
    last = {variant: trainer.losses[-LAST_STEPS:] for variant, trainer in trainers.items()}
    return {
        "seconds": elapsed,
        "steps_per_second": {variant: steps / elapsed for variant, steps in rounds.items()},
        "losses": {variant: {"first": trainers[variant].losses[0], "last": sum(of) / len(of)} for variant, of in last.items()},
        "steps": {variant: len(trainer.losses) for variant, trainer in trainers.items()},
        "parameters": {variant: trainer.parameters for variant, trainer in trainers.items()},
        "cores": cpu / elapsed,
    }


def train(trainers, seconds):
    """Steps of each trainer in so many seconds, and the time until all are done."""
    steps = dict.fromkeys(trainers, 0)
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        for variant, trainer in trainers.items():
            steps[variant] += trainer.step()
    for trainer in trainers.values():
        trainer.finish()
    return steps, time.perf_counter() - start
