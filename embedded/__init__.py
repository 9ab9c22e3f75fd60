"""Real PostgreSQL and Valkey servers from wheels, for development, tests and demonstrations.

No root, no system package, no container: the server programs come with the Python requirements. This package
knows nothing of Django or of the portal's apps; it hands out a DATABASE_URL and a REDIS_URL. Linux only.
"""
