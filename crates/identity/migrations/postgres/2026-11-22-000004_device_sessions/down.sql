DROP TABLE familiar_networks;
DROP TABLE device_sessions;
