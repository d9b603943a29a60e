"""A small application to start from: a compose file with its sizes, copies, order and checks."""

EXAMPLE = """\
# An application to start from: put your own services in the place of these three.
#   sim read application.yaml      what is understood of it
#   sim plan application.yaml      which platform, how many machines, what it costs
name: shop
services:
  web:
    image: nginx:1.27
    deploy:
      replicas: 3
      resources:
        reservations: {cpus: "0.25", memory: 256M}   # what is kept for it
        limits: {cpus: "0.5", memory: 256M}          # what it may use at most
    ports: ["8080"]
    depends_on:
      api: {condition: service_started}
  api:
    image: node:22-slim
    deploy:
      replicas: 4
      resources:
        reservations: {cpus: "0.5", memory: 512M}
        limits: {cpus: "1", memory: 512M}
    depends_on:
      db: {condition: service_healthy}
  db:
    image: postgres:17
    deploy:
      resources:
        reservations: {cpus: "1", memory: 2G}
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck:
      test: pg_isready -U postgres
      interval: 5s
volumes:
  data:
"""
