-- What is noted stays until it is sealed.
SELECT 1;
