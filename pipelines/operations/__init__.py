"""What can be done with a channel's orders without Dagster: plan, reconcile, inspect, look at one order."""
