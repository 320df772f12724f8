--! Previous: sha1:17e2233df0076bf92f50951ad9c9f0d86371bfe7
--! Hash: sha1:a25edd5498d67a992d862886cf3c0f4b50c18066

--! no-transaction
create index concurrently on users (phone);
