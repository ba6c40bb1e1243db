"""All four networks under the names that the exported file uses."""

from torch import nn

from .autoencoder import Autoencoder
from .backbone import Backbone
from .head import Head
from .transformer import Transformer


class Model(nn.Module):
    """autoencoder, backbone, head, transformer; state_dict() keys are the file's tensor names."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.autoencoder = Autoencoder(config)
        self.backbone = Backbone(config)
        self.head = Head(config)
        self.transformer = Transformer(config)

    def exported(self):
        """State dictionary without what exists in training only."""
        return {name: value for name, value in self.state_dict().items() if 'log_variance' not in name}
