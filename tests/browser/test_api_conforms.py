"""The API answers what its OpenAPI document says, whatever is asked: cases made by Schemathesis, as every role."""

from __future__ import annotations

import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests
import small_world
from serving import serving

from tertiary.web.people import demo_people

if TYPE_CHECKING:
    from schemathesis import Case
    from small_world import World

pytestmark = pytest.mark.slow
# over all operations and roles, that differ; a round asks each operation so often
CASES = 2_100
ROUND = 12
# for one answer, on a machine that is busy with other tests
SECONDS = 60
# an operation that has no more different cases is not asked for them for ever
MOST_ROUNDS = 40


@pytest.fixture(scope="module")
def api(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over a copy of the world, for cases that change something."""
    folder = tmp_path_factory.mktemp("api") / "world"
    shutil.copytree(world.folder, folder)
    with serving(small_world.World(folder).options()) as found:
        yield found


def test_no_case_breaks_the_api_or_its_own_document(api: str, record_property: Callable[[str, object], None]) -> None:
    import schemathesis
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_url(f"{api}/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == sum(map(len, requests.get(f"{api}/api/openapi.json").json()["paths"].values()))
    people = {account: _signed_on(api, account) for account in demo_people()}
    asked: dict[str, set[str]] = {operation.label: set() for operation in operations}
    answered: Counter[int] = Counter()
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    rounds = itertools.product(range(MOST_ROUNDS), operations, modes)
    for seed, operation, mode in rounds:
        if sum(map(len, asked.values())) * len(people) >= CASES and seed:
            break
        for case in _cases(operation, mode, seed):
            if (key := _key(case)) in asked[operation.label]:
                continue
            # few texts are names of a run: most cases go on to the figures of the first
            if seed % 4 and mode is GenerationMode.POSITIVE:
                case.query.pop("run", None)
            asked[operation.label].add(key)
            for session in people.values():
                answered[_answer(case, session)] += 1
    number = sum(answered.values())
    told = ", ".join(f"{count} of status {status}" for status, count in sorted(answered.items()))
    record_property(
        "told", f"Schemathesis: {number} cases of {len(operations)} operations as {len(people)} people: {told}"
    )
    assert number >= 2_000 and set(answered) >= {200, 400, 422} and not any(s >= 500 and s != 503 for s in answered)
    assert all(asked.values())


def _cases(operation: Any, mode: Any, seed: int) -> list[Case]:
    """The same for a seed, each time; none where an operation cannot be asked wrongly."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from hypothesis.errors import Unsatisfiable

    found: list[Case] = []

    @seeded(seed)
    @settings(max_examples=ROUND, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        found.append(case)

    try:
        collect()
    except Unsatisfiable:
        return []
    return found


def _answer(case: Case, session: requests.Session) -> int:
    """The status of the answer, which must be as the document says."""
    from schemathesis import checks, specs

    stated = specs.openapi.checks
    response = case.call(session=session, timeout=SECONDS)
    wanted = [
        checks.not_a_server_error, stated.status_code_conformance, stated.content_type_conformance,
        stated.response_schema_conformance, stated.response_headers_conformance,
    ]  # fmt: skip
    case.validate_response(response, checks=wanted if response.status_code != 503 else wanted[1:])
    return int(response.status_code)


def _signed_on(api: str, account: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{api}/sign-in").text
    token = page.split('name="form_token" value="')[1].partition('"')[0]
    done = session.post(f"{api}/sign-in", data={"account": account, "form_token": token})
    assert done.status_code == 200 and f'value="{account}" checked' in session.get(f"{api}/sign-in").text
    return session


def _key(case: Case) -> str:
    return repr((case.method, case.formatted_path, case.query, case.headers, case.cookies, case.body))


def test_a_method_that_is_not_offered_is_refused_with_those_that_are(api: str) -> None:
    for path, verbs in requests.get(f"{api}/api/openapi.json").json()["paths"].items():
        offered = {verb.upper() for verb in verbs}
        for verb in {"GET", "POST", "PUT", "PATCH", "DELETE"} - offered:
            answer = requests.request(verb, f"{api}{path}".replace("{", "").replace("}", ""))
            assert answer.status_code == 405 and set(answer.json()) == {"error"}, (verb, path)
            assert offered & set(answer.headers["allow"].split(", "))
