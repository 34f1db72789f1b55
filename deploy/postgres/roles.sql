-- A role and a database for each service; no service can enter another's database.
--
--   GALLERIA_POINTS_PASSWORD=… … psql --host=… --username=postgres --set=ON_ERROR_STOP=1 -f roles.sql
--
-- May be run again at any time: what exists is kept, passwords are set to what the environment
-- says. A service's role owns its database, since migrations and the upkeep of partitions make and
-- drop tables; it is no superuser and may create neither roles nor databases.

\set ON_ERROR_STOP on
-- The statements below carry passwords: they are not for the server's log.
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

\getenv campaigns_password GALLERIA_CAMPAIGNS_PASSWORD
\getenv membership_password GALLERIA_MEMBERSHIP_PASSWORD
\getenv notifications_password GALLERIA_NOTIFICATIONS_PASSWORD
\getenv points_password GALLERIA_POINTS_PASSWORD

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', 'galleria_' || service)
FROM unnest(ARRAY['campaigns', 'membership', 'notifications', 'points']) AS service
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'galleria_' || service)
\gexec

ALTER ROLE galleria_campaigns PASSWORD :'campaigns_password';
ALTER ROLE galleria_membership PASSWORD :'membership_password';
ALTER ROLE galleria_notifications PASSWORD :'notifications_password';
ALTER ROLE galleria_points PASSWORD :'points_password';

-- UTF-8 whatever the cluster's default is, and text compared byte by byte: the same order on every
-- machine and after every upgrade of its C library, so that no index is silently out of order.
SELECT format(
    'CREATE DATABASE %1$I OWNER %1$I TEMPLATE template0 ENCODING ''UTF8'' '
    'LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8''',
    'galleria_' || service
)
FROM unnest(ARRAY['campaigns', 'membership', 'notifications', 'points']) AS service
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'galleria_' || service)
\gexec

SELECT format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', 'galleria_' || service)
FROM unnest(ARRAY['campaigns', 'membership', 'notifications', 'points']) AS service
\gexec
