-- +goose Up
-- +goose StatementBegin
create function touch() returns trigger as $$
begin
  new.name := trim(new.name);
  return new;
end;
$$ language plpgsql;
-- +goose StatementEnd
create trigger touch before insert on customers for each row execute function touch();

-- +goose Down
-- +goose StatementBegin
drop trigger touch on customers;
drop function touch();
-- +goose StatementEnd
