"""A typed client of the service: `Client(url, key)`, with a method for every operation."""

from api.client.asking import ServiceProblem
from api.client.operations import Client

__all__ = ["Client", "ServiceProblem"]
