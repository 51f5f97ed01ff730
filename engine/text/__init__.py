"""Free text and pictures of objects as vectors of one space, by CLIP. Needs the extra `text`."""
