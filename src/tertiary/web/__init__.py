"""The same answers on a page: who asks, what they may see, pages and a JSON API over finished runs."""
