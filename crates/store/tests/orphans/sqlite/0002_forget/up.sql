DELETE FROM counters WHERE name = 'a';
