-- Run as an administrator of the server, once:
--   psql -v owner_password=… -v app_password=… -v backup_password=… -f roles.sql
-- The application's role owns nothing and cannot look past row-level security; that is the wall between shops.
-- The backup's role alone may: a dump is of every shop. No process of ours ever signs in with it.
\set ON_ERROR_STOP on

create role pishkhan_owner login password :'owner_password';
create role pishkhan_app login password :'app_password';
create role pishkhan_backup login bypassrls password :'backup_password';
grant pg_read_all_data to pishkhan_backup;

create database pishkhan owner pishkhan_owner template template0 encoding 'UTF8';
revoke all on database pishkhan from public;
grant connect on database pishkhan to pishkhan_app, pishkhan_backup;
