"""What this web process counts of its own requests."""

from django.http import HttpRequest
from prometheus_client import Counter, Histogram

METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

REQUESTS = Counter("lightd_requests", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "lightd_request_duration_seconds",
    "From a request's arrival in the site to its answer.",
    ["route", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


def count_request(request: HttpRequest, status: int, seconds: float) -> None:
    """Count one request. Routes and methods come from our own lists: no caller can make the series grow."""
    match = request.resolver_match
    route = f"/{match.route}" if match else "unknown"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(route, method, str(status)).inc()
    SECONDS.labels(route, method).observe(seconds)
