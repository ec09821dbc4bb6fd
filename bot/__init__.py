"""A Slack bot that copies Rackspace Cloud Databases backups to another region, safely."""
