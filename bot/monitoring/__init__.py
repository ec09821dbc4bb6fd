"""What is made of the metrics (`bot.metrics`): alert rules for Prometheus, and a dashboard for Grafana."""
