"""What a process manager and a load balancer ask: /healthz and /readyz."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from events.disclosure import Policy, policy
from outbox.models import Heartbeat

# The worker beats every tick; after this long without one, letters are not leaving.
LEDGER_AGE_LIMIT = timedelta(minutes=5)


@policy(Policy.OPERATOR)
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while this process answers; touches nothing else."""
    return JsonResponse({"ok": True})


@policy(Policy.OPERATOR)
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, is migrated, and the delivery worker was seen lately."""
    problems = []
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            problems.append("migrations are missing: run manage.py migrate")
        beat = Heartbeat.objects.values_list("beat_at", flat=True).first()
        if beat is None or timezone.now() - beat > LEDGER_AGE_LIMIT:
            problems.append("no delivery worker for five minutes: run manage.py deliver")
    except DatabaseError:
        problems.append("the database does not answer")
    return JsonResponse({"ok": not problems, "problems": problems}, status=503 if problems else 200)
