"""Text messages, WhatsApp and calls by way of Twilio."""
