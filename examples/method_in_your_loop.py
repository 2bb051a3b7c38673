"""SAU on a network of timm's in a plain loop over tensors; any other method fits as well."""

import numpy as np
import timm
import torch

from sau.data.batches import Batch
from sau.methods import Epoch, MethodContext, Step, create_method
from sau.networks import Network

images, labels = torch.rand(64, 3, 32, 32), torch.arange(64) % 3
is_synthetic = torch.arange(64) >= 32
encoder = timm.create_model("resnet18", pretrained=False, num_classes=0)
sizes = {"feature_size": encoder.num_features, "classes": 3}
network = Network.around(encoder, projection_size=128, **sizes)
context = MethodContext(labels=labels, is_synthetic=is_synthetic, epochs=1, **sizes)
method = create_method("sau", context, {"temperature": 0.1})
method.attach(network)
optimizer = torch.optim.SGD([*network.parameters(), *method.parameters()], lr=0.01, momentum=0.9)


def batch_of(rows, names):  # here goes your augmentation, one for each view that the method wants
    views = {name: images[rows] + 0.1 * torch.randn_like(images[rows]) for name in names}
    return Batch(views, labels[rows], is_synthetic[rows], rows)


real = (~is_synthetic).nonzero()[:, 0].split(16)
start = Epoch(number=1, network=network, real_batches=lambda v: (batch_of(r, v) for r in real))
method.start_epoch(start)
for rows in torch.randperm(64).split(32):
    pair = {"batch": batch_of(rows, method.views), "second": batch_of(rows.flip(0), ["v1"])}
    step = Step(**pair, network=network.train(), generator=np.random.default_rng())
    losses = method.loss(step)
    optimizer.zero_grad()
    losses["total"].backward()
    optimizer.step()
    method.after_step(network)
    print({name: round(value.item(), 3) for name, value in losses.items()})
