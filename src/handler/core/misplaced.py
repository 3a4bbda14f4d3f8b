"""Keys that Braze takes elsewhere, has taken once, or that the relay writes itself."""

from typing import Final

MISPLACED: Final = {
    "api_key": "the relay adds the API key itself; it never stands in a rules file",
    "segment_id": "Braze takes no segment_id here; put the segment into the campaign's audience",
    "braze_id": "Braze documents no braze_id for this endpoint; use external_user_id",
    "external_user_ids": "it is for /messages/send; give recipients, each with external_user_id",
    "user_aliases": "it is for /messages/send; give recipients, each with a user_alias",
    "messages": "it is for /messages/send; the campaign in the dashboard holds the message",
    "schedule": "the relay sends when the event comes; delays are made in the Canvas",
    "external_id": "a recipient has an external_user_id",
    "phone": "Braze finds nobody by phone here; it belongs under attributes",
    "external_send_id": "Braze takes it with transactional campaigns, and the relay writes it",
    "override_frequency_capping": "the campaign's own settings in the dashboard decide that",
    "recipient_subscription_state": "the campaign's own settings in the dashboard decide that",
    "trigger_properties": "trigger_properties are for campaigns; a Canvas takes context",
    "context": "context is for Canvases; a campaign takes trigger_properties",
    "canvas_entry_properties": "these are for Canvases; a campaign takes trigger_properties",
    "attachments": "Braze takes attachments with a campaign only, beside its recipients",
    "send_id": "Braze takes a send_id with a campaign only, beside its recipients",
}
