DROP TABLE accesses;
DROP TABLE rooms;
