select 'not a changelog';
