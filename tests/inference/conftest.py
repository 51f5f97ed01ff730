import pytest

from engine.inference.decoder import Decoder
from engine.sam import Sam
from engine.sam.onnx_export import export_decoder


@pytest.fixture(scope="session")
def decoder(tiny_sam: Sam, tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    """`tiny_sam`'s decoder as the server runs it."""
    return Decoder(*export_decoder(tiny_sam, tmp_path_factory.mktemp("decoder")), threads=1)
