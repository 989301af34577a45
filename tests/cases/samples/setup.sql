-- Small made data for the sample campaigns: the tables of the project's database and, under {dir},
-- the files that the campaigns name. Everything follows from row numbers, so it is the same each time.

CREATE SCHEMA made;

CREATE TABLE made.customers AS
SELECT format('C{:04d}', i) AS customer_id,
  CASE WHEN i % 17 = 0 THEN NULL ELSE format('person{}@{}.test', i, ['gmail', 'mail', 'shop'][1 + i % 3]) END AS email,
  ['FR', 'DE', 'IT', 'ES', 'AT', 'BE'][1 + i % 6] AS country,
  ['fr', 'de', 'it'][1 + i % 3] AS language,
  format('First{}', i % 40) AS first_name, format('Last{}', i % 60) AS last_name,
  CASE WHEN i % 5 = 0 THEN format('Nick{}', i) END AS nickname,
  DATE '1950-01-01' + (i * 97 % 20000)::INTEGER AS birthday,
  CASE WHEN i % 11 = 0 THEN NULL ELSE i % 4 <> 0 END AS consent,
  i % 3 <> 0 AS double_opt_in, i % 29 = 0 AS minor, i % 2 = 0 AS postal_consent, i % 3 = 0 AS sms_consent,
  i % 2 = 1 AS ads_consent, i % 31 = 0 AS moved, i % 37 = 0 AS staff,
  TIMESTAMP '2026-11-25 09:00:00' - to_days((i * 7 % 900)::INTEGER) AS signed_up_at,
  CASE WHEN i % 3 = 0 THEN TIMESTAMP '2026-11-20 10:00:00' - to_days((i % 20)::INTEGER) END AS consent_requested_at,
  CASE WHEN i % 6 = 0 THEN TIMESTAMP '2026-11-21 10:00:00' END AS consent_confirmed_at,
  TIMESTAMP '2026-11-24 00:30:00' - to_hours((i * 5 % 500)::INTEGER) AS last_login_at,
  CASE WHEN i % 4 = 0 THEN NULL ELSE format('{} Street', i % 80) END AS address,
  format('69{:03d}', i % 100) AS postcode, 'Lyon' AS city,
  CASE WHEN i % 4 = 1 THEN NULL ELSE format('+3361234{:04d}', i) END AS mobile,
  CASE WHEN i % 7 = 0 THEN NULL ELSE format('+3341234{:04d}', i) END AS phone,
  45.70 + (i % 20) / 100.0 AS latitude, 4.80 + (i % 15) / 100.0 AS longitude,
  CASE WHEN i % 2 = 0 THEN format('L{}', i) END AS loyalty_card,
  ['gold', 'silver', 'bronze', 'none'][1 + i % 4] AS tier
FROM range(1, 301) t(i);
COPY made.customers TO '{dir}/data/customers.parquet' (FORMAT parquet);

CREATE TABLE made.orders AS
SELECT i AS order_id, format('C{:04d}', 1 + i * 13 % 280) AS customer_id,
  TIMESTAMP '2026-11-25 08:00:00' - to_hours((i * 11 % 14000)::INTEGER) AS ordered_at,
  ((i * 7919 % 90000) / 100.0)::DECIMAL(10, 2) AS amount,
  ['paid', 'paid', 'paid', 'open', 'shipped'][1 + i % 5] AS status,
  format('T{}', i) AS tracking_no,
  TIMESTAMP '2026-11-25 07:00:00' - to_hours((i * 11 % 14000)::INTEGER) AS shipped_at
FROM range(1, 1501) t(i);
COPY made.orders TO '{dir}/data/orders/2026.parquet' (FORMAT parquet);

COPY (
  SELECT 1 + i // 2 AS order_id, 1 + i % 2 AS line_no, format('S{:03d}', 1 + i * 3 % 30) AS sku,
    1 + i % 3 AS quantity, ((i * 31 % 5000) / 100.0)::DECIMAL(10, 2) AS price,
    ((i * 17 % 3000) / 100.0)::DECIMAL(10, 2) AS cost, 1 + i % 60 AS cart_id
  FROM range(0, 3000) t(i)
) TO '{dir}/data/lines.parquet' (FORMAT parquet);

COPY (
  SELECT format('S{:03d}', i) AS sku, strftime(DATE '2024-01-01' + (i * 20)::INTEGER, '%d/%m/%Y') AS launched_on,
    ['espresso', 'grinder', 'beans'][1 + i % 3] AS category, (i * 5)::DECIMAL(10, 2) AS price, i % 4 AS stock
  FROM range(1, 31) t(i)
) TO '{dir}/data/products.csv' (HEADER);

COPY (SELECT format(' Person{}@mail.test', i) AS email, 'asked' AS reason FROM range(1, 60, 3) t(i))
TO '{dir}/data/suppression.csv' (HEADER, DELIMITER ';');

COPY (
  SELECT i AS cart_id, format('C{:04d}', i * 4) AS customer_id,
    TIMESTAMP '2026-11-25 09:00:00' - to_hours((i % 40)::INTEGER) AS created_at
  FROM range(1, 61) t(i)
) TO '{dir}/data/carts.parquet' (FORMAT parquet);

COPY (
  SELECT i AS response_id, format('C{:04d}', i * 3) AS customer_id, i % 11 AS score,
    strftime(TIMESTAMP '2026-11-25 08:00:00' - to_hours((i * 9 % 300)::INTEGER), '%Y-%m-%d %H:%M') AS answered_at,
    format('comment {}', i) AS comment
  FROM range(1, 90) t(i)
) TO '{dir}/data/nps.csv' (HEADER);

COPY (
  SELECT format('C{:04d}', 1 + i % 150) AS customer_id, format('S{:03d}', 1 + i // 150) AS sku,
    ((i % 9) * 10)::DECIMAL(10, 2) AS price_when_added, TIMESTAMP '2026-09-01' + to_hours(i::INTEGER) AS added_at
  FROM range(0, 300) t(i)
) TO '{dir}/data/wishes.parquet' (FORMAT parquet);

COPY (
  SELECT i AS event_id, format('C{:04d}', 1 + i * 7 % 200) AS customer_id,
    TIMESTAMP '2026-11-20' - to_days((i % 700)::INTEGER) AS "at"
  FROM range(1, 800) t(i)
) TO '{dir}/data/opens/1.parquet' (FORMAT parquet);

COPY (
  SELECT i AS event_id, format('person{}@mail.test', 1 + i % 30) AS email, ['hard', 'soft'][1 + i % 4 // 3] AS kind,
    TIMESTAMP '2026-11-20 10:00:00' - to_days((i % 60)::INTEGER) AS "at"
  FROM range(1, 200) t(i)
) TO '{dir}/data/bounces.csv' (HEADER);

COPY (
  SELECT format('Q{:03d}', i) AS quote_no, (i * 400)::DECIMAL(12, 2) AS amount,
    strftime(DATE '2026-11-24' - (i * 3)::INTEGER, '%d.%m.%Y') AS sent, ['open', 'won'][1 + i % 2] AS status,
    format('00{}', 1 + i % 9) AS siren
  FROM range(1, 60) t(i)
) TO '{dir}/data/quotes.csv' (HEADER);

COPY (
  SELECT format('00{}', i) AS siren, format('Company {}', i) AS name, format('owner{}@company.test', i) AS owner_email,
    CASE WHEN i = 4 THEN NULL ELSE 'FR' END AS country, i = 5 AS blocked, ['core', 'test lab'][1 + i % 5 // 4] AS segment
  FROM range(1, 10) t(i)
) TO '{dir}/data/companies.csv' (HEADER);

COPY (
  SELECT i AS id, format('runner{}@mail.test', i) AS email,
    [['running'], ['trail', 'swimming'], ['running', 'injured'], ['chess', 'running']][1 + i % 4] AS interests,
    {'plan': ['free', 'pro'][1 + i % 2]} AS attrs
  FROM range(1, 40) t(i)
) TO '{dir}/data/customers.json' (FORMAT json);

COPY (
  SELECT format('PERSON{}@mail.test ', i) AS email, strftime(DATE '2026-11-01' + i::INTEGER, '%d/%m/%Y') AS received
  FROM range(1, 20) t(i)
) TO '{dir}/in/erasure_1.csv' (HEADER);

COPY (
  SELECT i AS badge, format('Guest{}@event.test', i) AS email, format('Company {}', i % 5) AS company,
    TIMESTAMP '2026-11-20 09:00:00' + to_minutes(i::INTEGER) AS scanned_at
  FROM range(1, 40) t(i)
) TO '{dir}/in/scans.csv' (HEADER);

COPY (
  SELECT format('00{}', i) AS "no", ['web', 'shop'][1 + i % 2] AS "from", i AS "order", ['a', 'b', 'c'][1 + i % 3] AS "group",
    DATE '2026-11-01' + i::INTEGER AS "end", 'x' AS "by", format('x{}', i) AS "select", 1 + i % 7 AS "limit", 'shop' AS "where"
  FROM range(1, 50) t(i)
) TO '{dir}/in/tickets.csv' (HEADER);

ATTACH '{dir}/crm.duckdb' AS made_crm;
CREATE SCHEMA made_crm.public;
CREATE TABLE made_crm.public.accounts AS
  SELECT i AS id, format('Account {}', i) AS name, format('owner{}', i % 4) AS owner, i * 20 AS employees FROM range(1, 60) t(i);
CREATE TABLE made_crm.public.contacts AS
  SELECT i AS id, 1 + i % 59 AS account_id, i % 23 = 0 AS unsubscribed, TIMESTAMP '2025-01-01' + to_hours(i::INTEGER) AS created_at
  FROM range(1, 300) t(i);
CREATE TABLE made_crm.public.web_events AS
  SELECT i AS id, 1 + i * 7 % 299 AS contact_id, ['/pricing/team', '/blog', '/pricing'][1 + i % 3] AS page,
    TIMESTAMP '2026-11-24' - to_hours((i % 1500)::INTEGER) AS "at" FROM range(1, 2000) t(i);
CREATE TABLE made_crm.public.customers AS
  SELECT i AS id, format('p{}@{}', i, ['example.com', 'mail.test'][1 + i % 2]) AS email, ['FR', 'US'][1 + i % 2] AS country,
    CASE WHEN i % 9 = 0 THEN TIMESTAMP '2026-01-01' END AS deleted_at FROM range(1, 50) t(i);
DETACH made_crm;

COPY (
  SELECT i AS visit_id, 1 + i % 49 AS customer_id, i % 6 AS minutes, ['ads', 'mail'][1 + i % 2] AS channel,
    TIMESTAMP '2026-11-24' - to_hours((i * 5 % 2000)::INTEGER) AS started_at FROM range(1, 400) t(i)
) TO '{dir}/lake/visits/1.parquet' (FORMAT parquet);

ATTACH '{dir}/app.duckdb' AS made_app;
CREATE TABLE made_app.users AS
  SELECT i AS id, format('u{}@app.test', i) AS email, ['trial', 'paid'][1 + i % 2] AS plan,
    TIMESTAMP '2026-11-12' AS trial_started_at, TIMESTAMP '2026-11-26' + to_hours(i::INTEGER) AS trial_ends_at
  FROM range(1, 60) t(i);
CREATE TABLE made_app.events AS
  SELECT i AS id, 1 + i % 59 AS user_id, ['project_created', 'invited', 'exported', 'login'][1 + (i // 59) % 4] AS name,
    TIMESTAMP '2026-11-24' - to_hours((i % 200)::INTEGER) AS "at" FROM range(1, 1800) t(i);
DETACH made_app;

CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR, language VARCHAR, referred_by INTEGER);
INSERT INTO customers SELECT i, format('r{}@shop.test', i), 'fr', CASE WHEN i > 5 THEN 1 + i % 5 END FROM range(1, 80) t(i);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), amount DECIMAL(10, 2));
INSERT INTO orders SELECT i, 1 + i % 79, i % 50 FROM range(1, 200) t(i);
CREATE TABLE subscriptions (subscription_id INTEGER PRIMARY KEY, customer_id INTEGER, ends_on DATE, auto_renew BOOLEAN, plan VARCHAR);
INSERT INTO subscriptions SELECT i, i, DATE '2026-11-25' + i::INTEGER, i % 3 = 0, ['trial', 'team', 'internal', 'solo'][1 + i % 4] FROM range(1, 70) t(i);
CREATE TABLE payments (payment_id INTEGER PRIMARY KEY, subscription_id INTEGER, status VARCHAR, "at" TIMESTAMP);
INSERT INTO payments SELECT i, 1 + i % 69, ['paid', 'paid', 'failed'][1 + i % 3], TIMESTAMP '2026-11-01' - to_days((i % 200)::INTEGER) FROM range(1, 150) t(i);
CREATE TABLE people (person_id INTEGER PRIMARY KEY, email VARCHAR);
INSERT INTO people SELECT i, format('guest{}@event.test', i) FROM range(1, 60, 2) t(i);

DROP SCHEMA made CASCADE;
