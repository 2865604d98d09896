"""Configuration of a model trained by isoloss: `spec` holds every field of the architecture."""
from transformers import PretrainedConfig


class IsolossConfig(PretrainedConfig):
    model_type = "isoloss"

    def __init__(self, spec=None, **kwargs):
        self.spec = spec or {}
        super().__init__(**kwargs)
