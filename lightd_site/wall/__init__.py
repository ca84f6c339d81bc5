"""What stands between the network and the site: headers, proxies, rates, the size and the pace of requests."""
