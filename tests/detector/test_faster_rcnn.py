import importlib.util

import pytest

from engine.detector.faster_rcnn import build_network
from engine.errors import InvalidSetting


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is installed")
def test_without_torchvision_one_sentence_says_what_to_do() -> None:
    with pytest.raises(InvalidSetting, match="needs torchvision") as refused:
        build_network()
    assert "detector on embeddings" in str(refused.value)
