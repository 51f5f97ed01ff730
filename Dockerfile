# One image for the api, the workers and beat. A CUDA build: docker build --build-arg TORCH_BACKEND=cu130 .
FROM node:22-slim AS page
WORKDIR /web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.12-slim
ARG TORCH_BACKEND=cpu
WORKDIR /maskloop
COPY requirements.lock pyproject.toml README.md ./
RUN pip install --no-cache-dir -c requirements.lock uv setuptools \
 && uv pip install --system --no-cache -c requirements.lock --torch-backend "$TORCH_BACKEND" torch==2.13.0 \
 && useradd --create-home maskloop && mkdir data && chown maskloop data
COPY . .
RUN pip install --no-cache-dir -c requirements.lock --no-build-isolation -e ".[production]"
COPY --from=page /web/dist web/dist
USER maskloop
ENV PYTHONUNBUFFERED=1
EXPOSE 8631
CMD ["maskloop", "up", "--host", "0.0.0.0", "--no-browser"]
