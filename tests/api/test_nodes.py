import httpx

from api.schemas.nodes import EXAMPLE


def test_a_node_that_was_put_is_read_and_listed(client: httpx.Client) -> None:
    put = client.put("/v1/nodes/store-17", json=EXAMPLE)
    assert (put.status_code, put.json()) == (200, {"node_id": "store-17", **EXAMPLE, "version": 1})
    assert client.get("/v1/nodes/store-17").json() == put.json()
    assert client.get("/v1/nodes").json() == {"items": [put.json()], "next_cursor": None}


def test_the_same_node_again_changes_nothing_and_another_one_is_the_next_version(
    client: httpx.Client,
) -> None:
    for _ in range(2):
        assert client.put("/v1/nodes/store-17", json=EXAMPLE).json()["version"] == 1
    changed = client.put("/v1/nodes/store-17", json={**EXAMPLE, "pickup": False}).json()
    assert (changed["version"], changed["pickup"]) == (2, False)


def test_pages_go_on_where_the_last_one_ended(client: httpx.Client) -> None:
    for number in range(5):
        client.put(f"/v1/nodes/n{number}", json=EXAMPLE)
    seen, cursor = [], None
    while True:
        page = client.get("/v1/nodes", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [node["node_id"] for node in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == ["n0", "n1", "n2", "n3", "n4"]


def test_a_node_that_is_not_there_is_a_problem_with_its_name(client: httpx.Client) -> None:
    answer = client.get("/v1/nodes/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (answer.json()["code"], answer.json()["kind"], answer.json()["id"]) == (
        "not_found",
        "node",
        "nowhere",
    )


def test_a_time_zone_that_nobody_knows_is_refused_with_the_remedy(client: httpx.Client) -> None:
    answer = client.put("/v1/nodes/x", json={**EXAMPLE, "timezone": "Mars/Olympus"})
    assert (answer.status_code, answer.json()["key"]) == (422, "timezone")
    assert "IANA" in answer.json()["detail"]


def test_a_cursor_that_no_page_gave_is_refused(client: httpx.Client) -> None:
    for cursor in ("nonsense", "WzFd", "W10"):
        assert client.get("/v1/nodes", params={"cursor": cursor}).json()["key"] == "cursor"
