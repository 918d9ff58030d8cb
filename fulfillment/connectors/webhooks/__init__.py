"""Events to endpoints: CloudEvents, signed by the rules of Standard Webhooks."""
