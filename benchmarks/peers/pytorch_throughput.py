"""Images a second of this project's default network and training step in PyTorch: `python
pytorch_throughput.py`.

What train/loop.py does to a batch without distortions: AdamW with a schedule, smoothed labels,
dropout, and the moving average of the weights; in PyTorch's channels-last layout, which is the
faster one on CPUs.
"""

import statistics
import time

import torch
from torch import nn
from torch.nn import functional

BATCH, STEPS, WARM_UP = 128, 60, 10


def conv_norm(
    channels_in: int, channels_out: int, size: int = 3, strides: int = 1, padding: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(channels_in, channels_out, size, strides, padding, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(channels_out, momentum=0.01), nn.ReLU())


def digit_cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.ZeroPad2d((1, 2, 1, 2)),
        conv_norm(1, 32, size=5, strides=2, padding=0),
        conv_norm(32, 48),
        conv_norm(48, 48),
        nn.MaxPool2d(2),
        conv_norm(48, 96),
        conv_norm(96, 96, padding=0),
        nn.Flatten(),
        nn.Dropout(0.4),
        nn.Linear(2400, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


def main() -> None:
    torch.manual_seed(0)
    network = digit_cnn().to(memory_format=torch.channels_last)
    decayed = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.02}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=2e-3, foreach=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 2e-3, total_steps=STEPS + 1, pct_start=0.1
    )
    state = [value for value in network.state_dict().values() if value.is_floating_point()]
    average = [value.clone() for value in state]
    images = torch.randint(0, 256, (10_000, 28, 28), dtype=torch.uint8)
    labels = torch.randint(0, 10, (10_000,))
    taken = []
    for _ in range(STEPS):
        start = time.perf_counter()
        chosen = torch.randint(0, len(images), (BATCH,))
        batch = (images[chosen, None].float() / 255).to(memory_format=torch.channels_last)
        optimizer.zero_grad()
        functional.cross_entropy(network(batch), labels[chosen], label_smoothing=0.02).backward()
        optimizer.step()
        schedule.step()
        torch._foreach_lerp_(average, state, 5e-4)
        taken.append(time.perf_counter() - start)
    print(BATCH / statistics.median(taken[WARM_UP:]))


if __name__ == "__main__":
    main()
