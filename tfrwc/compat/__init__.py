"""The only modules that know that a dependency needs help, or quieting."""
