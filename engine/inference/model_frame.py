"""Between the image frame (original pixels, x right, y down) and the model-input frame, without torch."""


def resized_shape(image_size: tuple[int, int], input_side: int) -> tuple[int, int]:
    """(height, width) of an image resized so that its longest side is `input_side`, rounded half up as published."""
    height, width = image_size
    scale = input_side / max(height, width)
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))
