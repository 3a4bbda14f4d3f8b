"""Switches for behaviour that Braze does not document, or documents in two ways.

The defaults are the strict reading. `docs/simulated-braze.md` describes each.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Switches(BaseModel):
    """Behaviour of the simulated Braze where Braze's pages leave it open."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    accepted_status: Literal[200, 201] = 201
    unknown_keys: Literal["refused", "ignored"] = "refused"
    bad_attributes: Literal["refused", "errors", "ignored"] = "refused"
    identifiers_in_attributes: Literal["refused", "ignored"] = "refused"
    operators: Literal["applied", "stored"] = "applied"
    canvas_subscription_groups: Literal["applied", "ignored"] = "applied"
    properties_over_50_kb: Literal["refused", "accepted"] = "refused"
    both_context_names: Literal["refused", "context", "canvas_entry_properties"] = "refused"
    audience_alone: Literal["refused", "broadcast"] = "refused"
    attachments: Literal["https", "any_scheme"] = "https"
    audience_with_recipients: Literal["hourly_limit", "broadcast_limits"] = "hourly_limit"
    absent_attribute: Literal["differs", "no_match"] = "differs"
    unknown_email: Literal["nobody", "created"] = "nobody"
    changed_email: Literal["inherits", "resubscribes"] = "inherits"
    unshared_email: Literal["subscribed", "kept"] = "subscribed"
    paused_campaign: Literal["accepted", "notice", "refused"] = "accepted"
    paused_attributes: Literal["left_out", "written"] = "left_out"
    repeated_external_send_id: Literal["refused", "same_answer"] = "refused"
    track_objects: Literal["together", "each_array"] = "together"
    no_valid_object: Literal["accepted", "refused"] = "accepted"
    unknown_alias_of_event: Literal["dropped", "created"] = "dropped"
    subscription_identifiers: Literal["one_kind", "any"] = "one_kind"
    email_double_opt_in: Literal["refused", "ignored"] = "refused"
    rate_limit_headers: Literal["epoch", "seconds", "retry_after"] = "epoch"
    permission_missing: Literal[401, 403] = 403
    body_too_large: Literal[400, 413] = 413
    wrong_method: Literal[404, 405] = 404
