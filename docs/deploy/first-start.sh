#!/bin/sh
# The database image runs this once, in an empty volume.
set -eu
exec psql --username="$POSTGRES_USER" \
  --set=owner_password="$OWNER_PASSWORD" --set=app_password="$APP_PASSWORD" --set=backup_password="$BACKUP_PASSWORD" \
  --file=/roles.sql
