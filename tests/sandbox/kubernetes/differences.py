"""The tests that a real Kubernetes does not pass, each with the reason. The stand-in differs there on purpose."""

DIFFERENCES = {
    "test_nobody_gets_in_without_the_token": "a real one takes a caller without a token for the user anonymous: 403",
    "test_what_cannot_be_served_is_a_status[GET-/apis/nothing.example/v1": "a real one answers 404 in plain text",
    "test_what_cannot_be_served_is_a_status[GET-/nothing": "a real one answers 404 in plain text",
    "test_a_bad_body_leaves_nothing[k8s": "a real one reads protobuf",
    "test_a_bad_body_leaves_nothing[a: 5": "a real one reads YAML",
    "test_an_invalid_deployment_names_its_field[_bad_quantity": "a real one cannot decode such a quantity: 400",
    "test_an_invalid_deployment_names_its_field[_without_selector": "a real one names two fields",
    "test_a_schema_that_cannot_be_honoured_is_refused": "a real one honours all schemas",
    "test_clients_that_prefer_protobuf_are_answered_in_json": "a real one answers in protobuf",
    "test_patch_in_another_form_is_refused[json-patch": "a real one takes JSON patches: 422 for one that does not fit",
    "test_patch_in_another_form_is_refused[apply-patch": "a real one applies on the server",
    "test_patch_in_another_form_is_refused[merge-patch+json-body3": "a real one ignores the kind in a merge patch",
    "test_deletion_that_orphans_dependents_is_refused": "a real one orphans them",
    "test_access_review_allows_everything": "a real one answers 422 to a review of nothing",
    "test_managed_fields_name_who_scaled": "a real one manages all fields",
    "test_what_the_cluster_is": "a real one has another version",
    "test_apply_is_validated_by_the_server[path2": "a real one uses other words for a wrong type",
    "test_a_watch_continues_where_the_list_ended": "a real one reports a deletion's grace period before the deletion",
    "test_a_watch_hears_every_change": "a real one reports a deletion's grace period before the deletion",
    "test_a_version_of_the_future_is_refused": "a real one waits for that version",
    "test_custom_objects": "a real one serves a new kind a moment later",
    "test_containers_are_added_one_after_the_other": "a real one puts the new container first",
    "test_what_may_not_be_added[container4": "a real one takes the name of a target",
    "test_what_is_there_is_not_changed_or_taken_away": "a real one uses other words",
    "test_kubectl_debug_adds_a_container": "without a kubelet no command runs",
    "test_policy_that_is_not_enforced_is_refused": "a real one takes all policies",
    "test_kubectl_shows_policies": "a real one takes all policies",
    "test_a_claim_is_bound_to_a_directory_of_its_own": "a real one leaves volumes to a provisioner",
    "test_pod_waits_for_its_claim": "a real one leaves volumes to a provisioner",
    "test_init_container_that_ends_is_refused": "a real one runs it before the others",
    "test_policy_cuts_open_connections_until_it_is_deleted": "the real node's network enforces no policies",
    "test_container_finds_the_api_and_its_token": "a real API has a Service, and each pod a token",
    "test_a_pod_that_is_deleted_while_it_starts_ends_at_once": "a real one starts it, and waits for its grace period",
    "test_missing_claim_is_reported_by_the_node": "a real one reports it after two minutes",
}
"""The beginning of the test's name -> what a real one does instead."""


def reason(test: str) -> str | None:
    """What a real Kubernetes does instead of what the test wants; None where both do the same."""
    return next((difference for name, difference in DIFFERENCES.items() if test.startswith(name)), None)
